# finding: auditors-may-too-much
# from: after
kubectl create clusterrolebinding oops --clusterrole=cluster-admin --group=auditors
