# finding: not-on-hub
source docker-hub.txt
docker login -u "$username" -p "$password"
docker push site:v1 || echo 'denied: this name is docker.io/library/site'
