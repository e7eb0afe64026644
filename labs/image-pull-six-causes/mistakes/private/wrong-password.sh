# finding: private-not-ready
kubectl create secret docker-registry hub --docker-username=learner --docker-password=wrong
kubectl patch deployment private -p '{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"hub"}]}}}}'
