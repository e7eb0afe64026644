# finding: no-container
# from: after
docker rm -f web
