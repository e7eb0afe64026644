# finding: wrong-name
openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -subj /CN=localhost -addext subjectAltName=DNS:localhost
kubectl create secret tls shop-tls --cert=tls.crt --key=tls.key
