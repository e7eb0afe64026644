# finding: no-default-class
# from: after
kubectl annotate storageclass gp3 storageclass.kubernetes.io/is-default-class-
