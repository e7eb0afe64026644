# finding: no-scan-on-push
aws ecr start-image-scan --repository-name app --image-id imageTag=v1
