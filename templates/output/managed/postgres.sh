# Makes what the files beside it say, once the database answers: without a connection psql ends with 2.
for try in 1 2 3 4 5 6 7 8 9 10; do
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file=<folder>/users.sql
  status=$?
  test $status -eq 2 || exit $status
  sleep 10
done
exit 2
