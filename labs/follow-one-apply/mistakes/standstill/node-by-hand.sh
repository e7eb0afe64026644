# finding: still-gated
kubectl label pod held permit=yes
