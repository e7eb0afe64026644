# finding: pod-without-role
# from: after
ROLE=$(kubectl get serviceaccount prices -n shop -o jsonpath='{.metadata.annotations.eks\.amazonaws\.com/role-arn}')
kubectl annotate serviceaccount prices -n shop eks.amazonaws.com/role-arn-
kubectl delete pod -l app=prices -n shop
kubectl wait --for=jsonpath='{.status.phase}'=Running pod -l app=prices -n shop --timeout=2m
kubectl annotate serviceaccount prices -n shop "eks.amazonaws.com/role-arn=$ROLE"
