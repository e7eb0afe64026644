# finding: no-page
docker pull -q nginx:1.29
docker tag nginx:1.29 site:v1
