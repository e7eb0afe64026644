# The same as YAML, with the port's name as the target and three replicas.
REPOSITORY=$(aws ecr describe-repositories --repository-names site --query 'repositories[0].repositoryUri' --output text)
kubectl apply -f - <<END
apiVersion: apps/v1
kind: Deployment
metadata:
  name: site
spec:
  replicas: 3
  selector:
    matchLabels:
      app: site
  template:
    metadata:
      labels:
        app: site
    spec:
      containers:
        - name: web
          image: $REPOSITORY:v1
          ports:
            - name: http
              containerPort: 80
---
apiVersion: v1
kind: Service
metadata:
  name: site
spec:
  type: LoadBalancer
  selector:
    app: site
  ports:
    - port: 80
      targetPort: http
END
kubectl rollout status deployment/site --timeout=5m
kubectl wait --for=jsonpath='{.status.loadBalancer.ingress}' service/site --timeout=5m
HOST=$(kubectl get service site -o jsonpath='{.status.loadBalancer.ingress[0].hostname}')
curl --fail --silent --show-error --retry 60 --retry-delay 2 --retry-all-errors "http://$HOST/"

kubectl get pods -l app=site -o wide > before.txt
kubectl delete pod -l app=site
kubectl rollout status deployment/site --timeout=5m
