# finding: no-live
helm install test site --wait
