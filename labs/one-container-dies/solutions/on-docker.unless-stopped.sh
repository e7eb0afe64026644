docker run -d --name web --restart unless-stopped -p 8080:80 nginx:1.29
docker rm -f web
docker run -d --name web --restart unless-stopped -p 8080:80 nginx:1.29
printf 'comes-back: no\n' > answers.yaml
