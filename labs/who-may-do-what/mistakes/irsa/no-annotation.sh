# finding: no-annotation
# from: after
kubectl annotate serviceaccount prices -n shop eks.amazonaws.com/role-arn-
