from app import connect

with connect() as connection, connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS visit (number INT NOT NULL)")
    cursor.execute("INSERT INTO visit VALUES (0)")
