set -eu

# stop WHY: ends the script.
stop() {
  printf '%s\n' "$1" >&2
  exit 1
}

# copy SOURCE REPOSITORY TAG: copies an image, with every architecture and the same digest, unless the tag is there.
copy() {
  if answer=$(aws ecr describe-images --region "$region" --repository-name "$2" --image-ids "imageTag=$3" 2>&1); then
    printf 'is there: %s:%s\n' "$2" "$3"
    return
  fi
  case $answer in
    *'(ImageNotFoundException)'*) ;;
    *'(RepositoryNotFoundException)'*) stop "no repository $2: apply the Terraform root cluster of the region first" ;;
    *) stop "$answer" ;;
  esac
  printf 'copying %s to %s:%s\n' "$1" "$2" "$3"
  crane copy "$1" "$registry/$2:$3"
}

for program in aws crane; do
  command -v "$program" >/dev/null || stop "$program is not installed"
done
answer=$(aws sts get-caller-identity --query Account --output text)
[ "$answer" = "$account" ] || stop "signed in to the account $answer, and the registry is in $account"
aws ecr get-login-password --region "$region" | crane auth login --username AWS --password-stdin "$registry"

