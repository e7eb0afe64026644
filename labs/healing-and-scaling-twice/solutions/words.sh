cat > words.yaml <<END
replaces-pods: replicaset
replaces-tasks: ecs-service
scales-pods: hpa
scales-tasks: target-tracking
undoes-ecs: circuit-breaker
undoes-eks: you
END
