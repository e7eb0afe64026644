# finding: not-logged-in
docker tag site:v1 learner/site:v1
docker push learner/site:v1 || echo refused
