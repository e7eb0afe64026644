source ~/names.env
kubectl create secret generic $APP --from-literal=api-key=41f2 -n $TEAM
kubectl patch deployment $APP -n $TEAM --type=json -p '[{"op":"add","path":"/spec/template/spec/volumes","value":[{"name":"keys","secret":{"secretName":"'$APP'"}}]},{"op":"add","path":"/spec/template/spec/containers/0/volumeMounts","value":[{"name":"keys","mountPath":"/keys"}]}]'
kubectl rollout status deployment/$APP -n $TEAM
