kubectl create namespace prod
kubectl create namespace jobs
kubectl apply -n prod -f - <<END
apiVersion: v1
kind: ConfigMap
metadata: { name: mail-config }
data: { host: smtp }
END
deploy() { kubectl create deployment -n prod --dry-run=client -o yaml "$@" | sed 's/^    spec:/    spec:\n      terminationGracePeriodSeconds: 1/' | kubectl apply -f -; }
deploy untouched --image=nginx:1.29 --replicas=2
deploy orders --image=busybox:1.37 -- sh -c 'if [ -z "$DATABASE_HOST" ]; then echo "fatal: DATABASE_HOST is not set"; exit 1; fi; sleep 100000'
deploy cart --image=nginx:1.29
kubectl expose deployment cart --port=80 -n prod
kubectl patch service cart -n prod -p '{"spec":{"selector":{"app":"basket"}}}'
deploy search --image=nginx:1.29
kubectl expose deployment search --port=80 --target-port=8080 -n prod
deploy report --image=nginx:1.29
kubectl set resources deployment/report --requests=cpu=64 -n prod
deploy thumbs --image=polinux/stress:1.0.4 -- stress --vm 1 --vm-bytes 48M --vm-hang 100000
kubectl set resources deployment/thumbs --limits=memory=24Mi --requests=memory=24Mi -n prod
deploy mail --image=nginx:1.29
kubectl patch deployment mail -n prod -p '{"spec":{"template":{"spec":{"volumes":[{"name":"c","configMap":{"name":"mail-configuration"}}],"containers":[{"name":"nginx","volumeMounts":[{"name":"c","mountPath":"/etc/mail"}]}]}}}}'
deploy web --image=nginx:1.29 --replicas=2
kubectl rollout status deployment/web -n prod
kubectl set image deployment/web '*=nginx:1.29.99' -n prod
kubectl create quota limits --hard=limits.cpu=1,limits.memory=1Gi -n jobs
kubectl create deployment batch --image=nginx:1.29 -n jobs
kubectl create serviceaccount watcher -n prod
kubectl create role pod-reader --verb=get,list --resource=pods -n prod
kubectl create rolebinding watcher --role=pod-reader --serviceaccount=prod:wacher -n prod
kubectl cordon kind-worker2
kubectl taint nodes kind-worker2 repair=true:NoSchedule
