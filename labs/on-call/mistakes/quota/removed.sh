# finding: quota-gone
kubectl delete quota limits -n jobs
