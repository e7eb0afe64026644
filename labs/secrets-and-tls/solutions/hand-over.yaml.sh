kubectl apply -f - <<END
apiVersion: v1
kind: Secret
metadata: { name: db }
stringData: { password: harbor-42 }
END
kubectl apply -f app.yaml
kubectl rollout status deployment/app
