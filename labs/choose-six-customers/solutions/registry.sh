sed -i 's/^hobby:.*/hobby: docker-hub/; s/^hobby-reason:.*/hobby-reason: public/; s/^clinic:.*/clinic: ecr/; s/^clinic-reason:.*/clinic-reason: iam/' answers.yaml
