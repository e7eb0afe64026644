aws ecs describe-clusters --clusters harbor
