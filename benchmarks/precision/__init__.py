"""The edit matrix: after an edit, which tool runs exactly the steps that it must?"""
