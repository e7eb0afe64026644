source ~/names.env
kubectl rollout undo deployment/$APP -n legacy
kubectl rollout status deployment/$APP -n legacy
