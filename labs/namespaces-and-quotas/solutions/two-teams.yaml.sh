kubectl apply -f - <<END
apiVersion: v1
kind: Namespace
metadata: { name: team-a }
---
apiVersion: v1
kind: Namespace
metadata: { name: team-b }
END
for TEAM in team-a team-b; do
  kubectl create deployment web --image=nginx:1.29 --replicas=2 -n $TEAM
  kubectl rollout status deployment/web -n $TEAM
done
