# finding: wrong-clinic-reason
# from: after
sed -i 's/^clinic-reason:.*/clinic-reason: public/' answers.yaml
