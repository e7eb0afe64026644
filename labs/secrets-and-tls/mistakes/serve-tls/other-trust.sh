# finding: client-not-served
openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -subj /CN=shop.default.svc -addext subjectAltName=DNS:shop.default.svc
kubectl create secret tls shop-tls --cert=tls.crt --key=tls.key
kubectl apply -f shop.yaml
kubectl rollout status deployment/shop
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.crt -subj /CN=shop.default.svc -addext subjectAltName=DNS:shop.default.svc
kubectl create configmap trust --from-file=ca.crt=other.crt
kubectl apply -f client.yaml
kubectl wait --for=jsonpath='{.status.phase}'=Failed pod/client --timeout=2m
