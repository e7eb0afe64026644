source docker-hub.txt
docker login -u "$username" -p "$password"
docker pull -q nginx:1.29
docker tag nginx:1.29 "$username/secret-site:v1"
TOKEN=$(curl -s -H 'Content-Type: application/json' -d "{\"username\":\"$username\",\"password\":\"$password\"}" https://hub.docker.com/v2/users/login | sed 's/.*"token":"\([^"]*\)".*/\1/')
curl -s -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "{\"namespace\":\"$username\",\"name\":\"secret-site\",\"is_private\":true}" "https://hub.docker.com/v2/repositories/"
docker push -q "$username/secret-site:v1"
docker logout
kubectl create deployment tag --image=nginx:1.29.99
kubectl create deployment typo --image=ngnix:1.29
kubectl create deployment host --image=registry.harbor.invalid/nginx:1.29
kubectl create deployment private --image="$username/secret-site:v1"
kubectl create deployment never --image=httpd:2.4 --dry-run=client -o yaml | sed 's/image: .*/&\n        imagePullPolicy: Never/' | kubectl apply -f -
kubectl create deployment digest --image=nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000
