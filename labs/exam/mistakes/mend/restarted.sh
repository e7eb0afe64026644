# finding: legacy-not-ready
source ~/names.env
kubectl rollout restart deployment/$APP -n legacy
