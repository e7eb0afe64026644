kubectl apply -f - <<END
apiVersion: v1
kind: Pod
metadata: { name: held }
spec:
  schedulingGates: [{ name: harbor.example/permit }]
  containers: [{ name: held, image: "nginx:1.29" }]
END
