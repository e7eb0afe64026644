kubectl create deployment web --image=nginx:1.29 --replicas=3
kubectl rollout status deployment/web
kubectl apply -f - <<END
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: keep-web }
spec:
  maxUnavailable: 1
  selector: { matchLabels: { app: web } }
END
printf 'first: control-plane\nstep: 1\n' > answers.yaml
