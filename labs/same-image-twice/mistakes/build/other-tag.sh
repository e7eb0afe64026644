# finding: no-image
docker build -q --tag site site
