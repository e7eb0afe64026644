# finding: wrong-secret-type
openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -subj /CN=shop.default.svc -addext subjectAltName=DNS:shop.default.svc
kubectl create secret generic shop-tls --from-file=tls.crt --from-file=tls.key
