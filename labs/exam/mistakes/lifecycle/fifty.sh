# finding: lifecycle-other-number
source ~/names.env
aws ecr put-lifecycle-policy --repository-name archive --lifecycle-policy-text '{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":50},"action":{"type":"expire"}}]}'
