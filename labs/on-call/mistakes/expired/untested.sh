# finding: gallery-untested
aws ecr put-lifecycle-policy --repository-name gallery --lifecycle-policy-text '{"rules":[{"rulePriority":1,"description":"Keep the ten newest","selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":10},"action":{"type":"expire"}}]}' --query repositoryName
kubectl set image deployment/gallery "gallery=$(aws ecr describe-repositories --repository-names gallery --query 'repositories[0].repositoryUri' --output text):v2" -n prod
kubectl rollout status deployment/gallery -n prod --timeout=2m
