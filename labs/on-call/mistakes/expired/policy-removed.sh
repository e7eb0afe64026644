# finding: gallery-policy-gone
aws ecr delete-lifecycle-policy --repository-name gallery --query repositoryName
