"""Every control of the safeguarding page is taken out, one at a time, and the test that guards it must go red.

`make controls` runs it. The tables say what is taken out and where; docs/controls.md how each was last seen to fail.
"""
