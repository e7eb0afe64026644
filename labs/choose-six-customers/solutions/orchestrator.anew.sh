cat > answers.yaml <<END
bakery: ECS
bakery-reason: Knowledge
bank: EKS
bank-reason: portability
studio: EKS
studio-reason: ecosystem
END
