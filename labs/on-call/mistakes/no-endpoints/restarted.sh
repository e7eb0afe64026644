# finding: cart-without-pods
kubectl rollout restart deployment/cart -n prod
