for NAME in tag typo host; do kubectl set image deployment/$NAME "*=nginx:1.29"; done
for NAME in tag typo host; do kubectl rollout status deployment/$NAME --timeout=2m; done
