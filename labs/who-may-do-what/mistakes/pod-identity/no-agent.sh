# finding: no-agent
# from: after
aws eks delete-addon --cluster-name harbor --addon-name eks-pod-identity-agent --query addon.status
