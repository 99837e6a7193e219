"""dbt over the record: `build.py` is the way in, `plugin.py` what dbt imports."""
