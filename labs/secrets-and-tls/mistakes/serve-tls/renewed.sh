# finding: old-certificate-in-use
# from: after
openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -subj /CN=shop.default.svc -addext subjectAltName=DNS:shop.default.svc
kubectl create secret tls shop-tls --cert=tls.crt --key=tls.key --dry-run=client -o yaml | kubectl apply -f -
