source docker-hub.txt
docker login -u "$username" -p "$password" docker.io
docker build -q -t "docker.io/$username/site:v1" site
docker push -q "docker.io/$username/site:v1"
