"""The part of SCPI that any instrument speaking it needs: headers, program lines, parameters, the error queue."""
