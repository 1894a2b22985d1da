# Makes what it says, once the database answers. Passwords go in as texts of SQL: a backslash and a quote get a backslash before them.
ask() {
  mysql --host="$MYSQL_HOST" --user="$MYSQL_ADMINISTRATOR" --ssl-mode=REQUIRED --connect-timeout=30 "$@"
}
quoted() {
  printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e "s/'/\\\\'/g"
}
for try in 1 2 3 4 5 6 7 8 9 10; do
  ask --execute='SELECT 1' >/dev/null && break
  test "$try" -lt 10 || exit 1
  sleep 10
done
set -e
ask <<SQL
<statements>
SQL
