/* Functions with every kind of call frame information, at FAKE_BASE + 0x10000: what tests stand in is not
 * executed. A name with _in is behind where a call would return to. */

	.cfi_sections .debug_frame

	.macro stand name
	nop
	.globl \name\()_in
\name\()_in:
	nop
	.endm

	.macro begin name
	.globl \name
	.type \name, @function
\name:
	.endm

	.macro end name
	.size \name, . - \name
	nop
	.endm

	.text
	.globl _stext
_stext:
	nop

begin plain
	.cfi_startproc
	.cfi_adjust_cfa_offset 24
	stand plain
	.cfi_endproc
end plain

begin by_pointer
	.cfi_startproc
	.cfi_def_cfa rbp, 16
	.cfi_offset rbp, -16
	stand by_pointer
	.cfi_endproc
end by_pointer

begin saves_rbx
	.cfi_startproc
	.cfi_def_cfa_offset 16
	.cfi_offset rbx, -16
	stand saves_rbx
	.cfi_endproc
end saves_rbx

begin by_rbx
	.cfi_startproc
	.cfi_def_cfa rbx, 8
	stand by_rbx
	.cfi_endproc
end by_rbx

begin by_rcx
	.cfi_startproc
	.cfi_def_cfa rcx, 8
	stand by_rcx
	.cfi_endproc
end by_rcx

/* DW_CFA_def_cfa_expression: DW_OP_breg7 8, DW_OP_deref */
begin expression
	.cfi_startproc
	.cfi_escape 0x0f, 3, 0x77, 8, 0x06
	stand expression
	.cfi_endproc
end expression

/* struct pt_regs lies at the stack pointer. */
begin interrupted
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa rsp, 0
	.cfi_offset rip, 128
	stand interrupted
	.cfi_endproc
end interrupted

begin ends
	.cfi_startproc
	.cfi_undefined rip
	stand ends
	.cfi_endproc
end ends

begin hole
	stand hole
end hole

	.globl _etext
_etext:
	nop
	.section .note.GNU-stack, "", @progbits
