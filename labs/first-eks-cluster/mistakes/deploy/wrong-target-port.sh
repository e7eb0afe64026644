# finding: page-not-served
# from: after
# nginx listens on 80, not on 8080.
kubectl patch service site --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":8080}]'
