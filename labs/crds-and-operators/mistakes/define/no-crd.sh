# finding: no-crd
kubectl apply -f blog.yaml || echo 'refused: no matches for kind'
