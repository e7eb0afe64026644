# finding: reports-moved
# from: after
kubectl patch deployment reports -n prod --type=json -p '[{"op":"remove","path":"/spec/template/spec/nodeSelector"}]'
kubectl rollout status deployment/reports -n prod --timeout=2m
