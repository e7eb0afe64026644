# finding: v1-not-scanned
aws ecr put-image-scanning-configuration --repository-name app --image-scanning-configuration scanOnPush=true
