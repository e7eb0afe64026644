# finding: service-selects-nothing
# from: after
kubectl patch service site -p '{"spec":{"selector":{"app":"web"}}}'
